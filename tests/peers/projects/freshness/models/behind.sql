select id from {{ source('raw', 'old') }}
