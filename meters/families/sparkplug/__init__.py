"""The family "sparkplug-b": edge nodes of the Sparkplug B specification."""

from meters.families.sparkplug.family import SparkplugB

__all__ = ["SparkplugB"]
