{ kind: error 'not today' }
