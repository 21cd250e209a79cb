select * from {{ ref('b') }} join {{ ref('c') }} on true
