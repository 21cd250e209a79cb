select * from {{ ref('x_base') }}
