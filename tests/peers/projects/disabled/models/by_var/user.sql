select * from {{ ref('extra') }}
