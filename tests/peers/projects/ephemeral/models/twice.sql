select count(*) as n from {{ ref('first') }} a, {{ ref('first') }} b, {{ ref('plain_user') }} c
