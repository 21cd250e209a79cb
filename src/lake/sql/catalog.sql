select database_name, type = 'ducklake' from duckdb_databases() where lower(database_name) = lower({{ this_database() }})
