select coalesce(bool_or(loaded), false) from duckdb_extensions() where extension_name = 'httpfs'
