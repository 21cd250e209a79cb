select count(*) as n from {{ ref('batched') }}
