select count(*) as n from {{ ref('fails') }}
