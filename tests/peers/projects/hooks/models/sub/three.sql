select (select count(*) from audit where what = 'three') as seen, id from {{ ref('two') }}
