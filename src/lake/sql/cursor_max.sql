select cast(max({{ ident(cursor.name) }}) as varchar) from {{ relation }}
