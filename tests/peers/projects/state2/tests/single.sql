select * from {{ ref("body") }} where id < 0
