select * from {{ target }}
