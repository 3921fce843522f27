"""The master programmer: from a blueprint to an application that is generated, checked, tested and packaged."""
