select * from {{ ref("body") }}
