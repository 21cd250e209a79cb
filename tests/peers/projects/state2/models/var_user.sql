select {{ var("size") }} as id
