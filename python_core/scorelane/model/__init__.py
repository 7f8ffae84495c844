"""The network: front end, transformer, configuration, weights and TorchScript export."""
