"""All mail and messages that leave the installation; the one owner of how they are sent."""
