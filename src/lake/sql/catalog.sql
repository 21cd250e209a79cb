select database_name, type = 'ducklake', (select bool_or(type = 'ducklake') from duckdb_databases())
from duckdb_databases() where lower(database_name) = lower({{ this_database() }})
