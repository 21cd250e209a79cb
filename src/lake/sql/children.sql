select distinct table_name from duckdb_columns()
where lower(database_name) = lower({{ this_database() }}) and lower(schema_name) = lower({{ literal(schema) }})
  and column_name = '_weir_root_id' and starts_with(lower(table_name), lower({{ literal(table ~ '__') }}))
order by table_name
