select * from {{ ref('on') }}
