select * from {{ ref('helped') }} join {{ ref('toolbox', 'codes') }} on true
