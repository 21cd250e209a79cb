select * from {{ ref('public_totals') }}
