"""From cases to the counts that the promotion rule takes: checked, and nothing else."""
