"""packshot: product photos in, marketplace-ready packshots out."""

__version__ = "0.1.0"
