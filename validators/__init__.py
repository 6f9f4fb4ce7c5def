"""Is each record well formed? The field rules (FLD) as checks of the fused pass and as pandera schemas."""
