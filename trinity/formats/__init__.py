"""How the admin says times: as all other pages do."""
