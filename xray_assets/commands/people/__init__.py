"""What people decide from a shell: who they are, what they may say, and how it is carried out."""
