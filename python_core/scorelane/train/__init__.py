"""The trainer: losses, optimizers, the loop with its checkpoints."""
