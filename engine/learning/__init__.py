"""What training is made of: batches, the live model, evaluation, progress."""
