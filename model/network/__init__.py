"""EfficientNet with auxiliary classifiers, other backbones, and what they cost."""
