"""Messages as sound: clips made ahead, listened to, and handed to the carrier."""
