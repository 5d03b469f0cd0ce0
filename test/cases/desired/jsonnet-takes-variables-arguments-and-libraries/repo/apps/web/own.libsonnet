{ suffix: 'web' }
