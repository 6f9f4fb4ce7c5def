"""From a party's inbox to typed frames: landing, envelope, structure, records."""
