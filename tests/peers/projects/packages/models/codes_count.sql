select count(*) as n from {{ ref('codes') }} union all select count(*) from {{ source('pkg_source', 'codes') }}
