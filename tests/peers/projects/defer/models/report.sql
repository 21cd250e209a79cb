select id, v, n from {{ ref('mart') }}
