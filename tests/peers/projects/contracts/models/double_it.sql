select id * 2 as id2, name from {{ ref('strict') }}
