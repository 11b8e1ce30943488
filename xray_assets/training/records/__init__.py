"""What a training leaves in MLflow and on its page: figures, pictures, the registered version."""
