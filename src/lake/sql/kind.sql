select 'table' from duckdb_tables()
where lower(database_name) = lower({{ this_database() }}) and lower(schema_name) = lower({{ literal(schema) }})
  and lower(table_name) = lower({{ literal(table) }})
union all
select 'view' from duckdb_views()
where lower(database_name) = lower({{ this_database() }}) and lower(schema_name) = lower({{ literal(schema) }})
  and lower(view_name) = lower({{ literal(table) }})
