package upstream

// Told notes that the server was told to load an adapter, as it is after Load.
func (s *Server) Told(name string) { s.told.Store(name, name) }
