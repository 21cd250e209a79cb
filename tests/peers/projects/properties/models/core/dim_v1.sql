select id, name, 0 as old from {{ ref('base') }}
