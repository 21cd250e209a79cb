delete from {{ forgotten }} where resource = {{ literal(resource) }}
