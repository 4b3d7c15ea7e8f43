package poa
