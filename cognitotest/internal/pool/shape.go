package pool

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Requests and responses that several operations share.

// none is a request without further members, or an empty response.
type none struct{}

// timestamp is a time on the wire: seconds since 1970, with a fraction.
type timestamp time.Time

func (t timestamp) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(t).UnixMilli()) / 1000)
}

// userType describes a user.
type userType struct {
	Username             string
	Attributes           attributes
	UserCreateDate       timestamp
	UserLastModifiedDate timestamp
	Enabled              bool
	UserStatus           types.UserStatusType
}

func (u *user) wire() userType {
	return userType{
		Username: u.name, Attributes: u.listed(), Enabled: !u.disabled, UserStatus: u.status,
		UserCreateDate: timestamp(u.created), UserLastModifiedDate: timestamp(u.modified),
	}
}

// deliveryResponse has the destination of a code.
type deliveryResponse struct {
	CodeDeliveryDetails *codeDelivery
}
