select id from {{ source('raw', 't1') }}
