select * from {{ source("src", "t") }}
