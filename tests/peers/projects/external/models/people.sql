select id, name, day from {{ source('files', 'people') }}
