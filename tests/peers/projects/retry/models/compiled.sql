select {{ 'no_such_macro(' if false else 1 }} as x {{ exceptions.raise_compiler_error('not today') if var('bad') == 'compile' and execute }}
