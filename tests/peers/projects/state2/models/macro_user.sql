select {{ outer_macro() }} as id
